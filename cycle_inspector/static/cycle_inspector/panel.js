/**
 * The one script in the page. It waits until the browser has nothing better to do, then shows the
 * closed line of the cycle that made this page. Everything else is fetched when it is wanted.
 */

const TAG = "cycle-panel";

/** @param {() => void} task */
function whenIdle(task) {
  if ("requestIdleCallback" in window) requestIdleCallback(task, { timeout: 2000 });
  else setTimeout(task, 200);
}

async function start() {
  if (document.querySelector(TAG)) return;
  const { CyclePanel } = await import("./elements/cycle-panel.js");
  CyclePanel.define();
  const panel = document.createElement(TAG);
  panel.setAttribute("base", new URL(".", import.meta.url).href);
  // Beside <body>, not in it: Turbo, htmx and the like swap the body.
  document.documentElement.append(panel);
}

// A frame inside a page is not the page.
if (window.top === window) {
  whenIdle(() => {
    start().catch((reason) => console.info("Cycle Inspector cannot show its panel:", reason));
  });
}
