"""The engines that compute training steps: torch (the reference, on any device) and kernels compiled for this CPU."""
