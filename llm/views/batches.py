"""The results of a batch for who looks at it in the admin."""

import uuid

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from llm.batches import results
from llm.models import Batch


async def batch_results(request: HttpRequest, pk: uuid.UUID, kind: str) -> HttpResponseBase:
    """Download what there is so far; asynchronous, so that a slow reader holds no thread."""
    batch = await Batch.objects.filter(pk=pk).afirst()
    user = await request.auser()
    if batch is None or not (batch.user_id == user.pk or await _sees_all(user)):
        # Django renders the page of an Http404 in a thread that nobody gives its connection back
        return await sync_to_async(render)(request, "404.html", status=404)
    return results.response(batch, "csv" if kind == "csv" else "jsonl")


async def _sees_all(user: AbstractBaseUser | AnonymousUser) -> bool:
    return isinstance(user, User) and user.is_staff and await user.ahas_perm("llm.view_batch")
