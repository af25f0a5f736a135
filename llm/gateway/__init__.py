"""OpenAI's API as the pipeline's face for other programs: any OpenAI client works with it unchanged."""
