// Keeps the end of the thread in sight for who reads at the end, and leaves alone who has scrolled up.

const NEAR = 32;

export class Follow {
  constructor(content, button) {
    this.isFollowing = true;
    this.isLive = false;
    this.last = scrollY;
    this.button = button;
    addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.grown()).observe(content);
    button.addEventListener("click", () => this.toEnd());
  }

  get gap() {
    return document.documentElement.scrollHeight - innerHeight - scrollY;
  }

  scrolled() {
    if (scrollY < this.last && this.gap > 1) this.isFollowing = false;
    if (scrollY >= this.last && this.gap <= NEAR) this.isFollowing = true;
    this.last = scrollY;
    this.show();
  }

  grown() {
    if (this.isFollowing) this.toEnd();
    this.show();
  }

  toEnd() {
    this.isFollowing = true;
    scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    this.last = scrollY;
    this.show();
  }

  live(isLive) {
    this.isLive = isLive;
    this.show();
  }

  show() {
    this.button.hidden = !this.isLive || this.isFollowing;
  }
}
