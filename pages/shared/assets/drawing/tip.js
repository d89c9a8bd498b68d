// The small note over what the pointer is on. Its texts come from memories: they are set as text, never as markup.

const AWAY = 14;

/** A tip within a box; `show` takes lines of {text, kind}, kind is "text" or "fact". */
export class Tip {
  constructor(parent) {
    this.parent = parent;
    this.node = document.createElement("div");
    this.node.className = "tip";
    this.node.hidden = true;
    this.node.setAttribute("role", "tooltip");
    parent.append(this.node);
  }

  hide() {
    this.node.hidden = true;
  }

  show(lines, x, y) {
    this.node.replaceChildren(...lines.filter(({ text }) => text).map(({ text, kind }) => {
      const line = document.createElement("p");
      line.className = kind;
      line.textContent = text;
      return line;
    }));
    this.node.hidden = false;
    const room = this.parent.clientWidth;
    const { offsetWidth: width, offsetHeight: height } = this.node;
    const left = x + AWAY + width > room ? Math.max(0, x - AWAY - width) : x + AWAY;
    const top = y - AWAY - height < -40 ? y + AWAY : y - AWAY - height;
    this.node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}
