"""What runs inside the build stages of the images; standard library only, and nothing of it is in an image."""
