"""Pages of the chat."""

from django.urls import URLPattern, path

from chat import views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("c/", views.conversations, name="new"),
    path("c/<uuid:pk>/", views.conversation, name="conversation"),
    path("c/<uuid:pk>/rename/", views.rename, name="rename"),
    path("c/<uuid:pk>/pin/", views.pin, name="pin"),
    path("c/<uuid:pk>/delete/", views.delete, name="delete"),
    path("c/<uuid:pk>/messages/<uuid:message>/", views.message, name="message"),
]
