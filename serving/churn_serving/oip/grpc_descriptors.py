"""What gRPC reflection shows: the protocol's service, health and reflection itself.

In a pool of their own, since KServe registers messages of the same names in the library's global one.
"""

from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from churn_serving.oip import open_inference_grpc_pb2
from churn_serving.oip.grpc_methods import SERVICE

HEALTH = "grpc.health.v1.Health"
REFLECTION = "grpc.reflection.v1alpha.ServerReflection"
SERVICES = (SERVICE, HEALTH, REFLECTION)
HEALTHY_SERVICES = frozenset({"", SERVICE})
"""Names that health is told for: the server as a whole, and the protocol's service."""
MAX_REFLECTION_BYTES = 1024
"""Of one question to reflection, which its answer repeats."""


def descriptor_pool() -> DescriptorPool:
    """The three files in a new pool."""
    pool = DescriptorPool()
    for module in (open_inference_grpc_pb2, health_pb2, reflection_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    return pool
