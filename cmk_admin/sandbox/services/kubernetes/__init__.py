"""What of Kubernetes the clusters show: storage classes and secrets, by way of their run command."""
