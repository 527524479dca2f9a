"""`ttnn._ttnn`: names that programs take from TTNN's binary module."""

from tilefold.ttnn import cluster as cluster
from tilefold.ttnn import device as device
from tilefold.ttnn._ttnn import multi_device as multi_device
