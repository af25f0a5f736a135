"""The REST API under /api/v1/: who may call, how errors look, and which routers it is made of."""

from ninja import NinjaAPI

api = NinjaAPI(title="Parley", version="1", urls_namespace="api")
