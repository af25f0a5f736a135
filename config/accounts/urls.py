"""Addresses of accounts."""

from django.contrib.auth import views as auth
from django.urls import path

from config.accounts import views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/keys/", views.new_key, name="new_key"),
    path("account/keys/<uuid:pk>/revoke/", views.close_key, name="revoke_key"),
    path("people/", views.everybody, name="people"),
    path("people/<int:pk>/invite/", views.invite_again, name="invite_again"),
    path("invitation/<uidb64>/<token>/", views.Invitation.as_view(), name="invitation"),
    path("password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("password/lost/", auth.PasswordResetView.as_view(), name="password_reset"),
    path("password/lost/sent/", auth.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path(
        "password/new/<uidb64>/<token>/",
        auth.PasswordResetConfirmView.as_view(post_reset_login=True, success_url="/"),
        name="password_reset_confirm",
    ),
]
