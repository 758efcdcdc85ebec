"""What only a Kubernetes cluster needs: its first secrets, its object storage, and training as a Job."""
