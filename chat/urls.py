"""Pages of the chat."""

from django.urls import URLPattern, path

from chat import views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("announcements/", views.announcements, name="announcements"),
    path("c/", views.conversations, name="new"),
    path("c/<uuid:pk>/", views.conversation, name="conversation"),
    path("c/<uuid:pk>/ask/", views.ask, name="ask"),
    path("c/<uuid:pk>/export.md", views.export_markdown, name="export_markdown"),
    path("c/<uuid:pk>/export.json", views.export_json, name="export_json"),
    path("c/<uuid:pk>/rename/", views.rename, name="rename"),
    path("c/<uuid:pk>/pin/", views.pin, name="pin"),
    path("c/<uuid:pk>/delete/", views.delete, name="delete"),
    path("c/<uuid:pk>/restore/", views.restore, name="restore"),
    path("c/<uuid:pk>/messages/<uuid:message>/", views.message, name="message"),
    path("c/<uuid:pk>/messages/<uuid:message>/rate/", views.rate, name="rate"),
    path("c/<uuid:pk>/messages/<uuid:message>/steps/", views.steps, name="steps"),
    path("c/<uuid:pk>/messages/<uuid:message>/steps/<int:step>/", views.decide, name="decide"),
]
