"""What leaves this repository and how others can trust it: SBOMs, pushed images, signatures, a scan, a release."""
