"""Pages about models: usage and providers."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
