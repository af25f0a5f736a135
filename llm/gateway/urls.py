"""Addresses below /v1/."""

from django.urls import path, re_path

from llm.gateway import views

urlpatterns = [
    path("chat/completions", views.complete),
    path("models", views.list_models),
    re_path("", views.nothing_here),
]
