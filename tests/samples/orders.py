"""A feature: a chat that streams, and may look orders up."""

import llm

STATUS = {12: "It left Oslo this morning."}
LOOK_UP = llm.Tool(
    name="order_status",
    description="Tell where an order is.",
    parameters={
        "type": "object",
        "properties": {"number": {"type": "integer"}},
        "required": ["number"],
        "additionalProperties": False,
    },
)
RULES = llm.Message.system("You help customers of a shop. Look an order up before you speak of it.")


async def answer(question: str, emit: llm.Emit = llm.discard) -> str:
    """Answer, pushing the text into `emit` as it comes; at most five looks at orders."""
    messages = [RULES, llm.Message.user(question)]
    for _ in range(5):
        request = llm.Request(messages=tuple(messages), tools=(LOOK_UP,), feature="orders")
        reply = await llm.run(request, emit)
        if not reply.tool_calls:
            return reply.text
        messages += [reply.message, *(llm.Message.result(call, look_up(call)) for call in reply.tool_calls)]
    return "I could not find that out."


def look_up(call: llm.ToolCall) -> str:
    """Do what the model asks for; its arguments are checked like anybody's."""
    try:
        return STATUS.get(call.read()["number"], "There is no such order.")
    except (KeyError, ValueError) as fault:
        return f"Call order_status with a number. {fault}"
