"""The results of a batch for who looks at it in the admin."""

import uuid

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import Http404, HttpRequest, StreamingHttpResponse

from llm.batches import results
from llm.models import Batch


async def batch_results(request: HttpRequest, pk: uuid.UUID, kind: str) -> StreamingHttpResponse:
    """Download what there is so far; asynchronous, so that a slow reader holds no thread."""
    batch = await Batch.objects.filter(pk=pk).afirst()
    user = await request.auser()
    if batch is None or not (batch.user_id == user.pk or await _sees_all(user)):
        raise Http404
    return results.response(batch, "csv" if kind == "csv" else "jsonl")


async def _sees_all(user: AbstractBaseUser | AnonymousUser) -> bool:
    return isinstance(user, User) and user.is_staff and await user.ahas_perm("llm.view_batch")
