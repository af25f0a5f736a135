import time
from chat import reading
from chat.models import Conversation, Message
def test_speed(alice):
    cs = Conversation.objects.bulk_create(Conversation(owner=alice, title=f"c{n}") for n in range(500))
    Message.objects.bulk_create(Message(conversation=c, role="user", content="lorem ipsum " * 100) for c in cs for _ in range(20))
    t = time.perf_counter(); reading.listed(alice, search="zebra"); print("search", time.perf_counter() - t)
