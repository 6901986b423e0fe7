"use strict";
(() => {
  const table = document.getElementById("customers");
  const form = document.getElementById("filter");
  if (!table || !form) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const shown = document.getElementById("shown");
  let texts = null;
  let order = { column: -1, down: false };

  const text = (row, column) => row.cells[column].textContent;
  const words = () => texts || (texts = rows.map((row) => row.textContent.toLowerCase()));

  function filter() {
    const typed = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcome = form.outcome.value;
    const who = form.who.value;
    const found = typed.length ? words() : null;
    let count = 0;
    rows.forEach((row, at) => {
      const fits = (!outcome || row.dataset.outcome === outcome) && (!who || row.dataset.who === who)
        && (!found || typed.every((word) => found[at].includes(word)));
      if (row.hidden === fits) row.hidden = !fits;
      if (fits) count += 1;
    });
    shown.textContent = count + " of " + rows.length + " shown";
  }

  function sort(column, down) {
    order = { column, down };
    heads.forEach((head, at) => {
      if (at === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const keys = new Map(rows.map((row) => [row, text(row, column)]));
    const compare = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;
    const sorted = rows.slice().sort((one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      // What is empty stands last either way.
      if (!a || !b) return (a ? 0 : 1) - (b ? 0 : 1);
      return down ? compare(b, a) : compare(a, b);
    });
    body.append(...sorted);
  }

  // What is filtered and sorted stands in the address, so that it can be kept and sent on.
  function remember() {
    const parts = new URLSearchParams();
    for (const name of ["q", "outcome", "who"]) if (form[name].value) parts.set(name, form[name].value);
    if (order.column >= 0) parts.set("sort", order.column + (order.down ? "-" : ""));
    const address = parts.toString();
    history.replaceState(null, "", address ? "#" + address : location.pathname + location.search);
  }

  function recall() {
    if (!location.hash.includes("=")) return;
    const parts = new URLSearchParams(location.hash.slice(1));
    for (const name of ["q", "outcome", "who"]) form[name].value = parts.get(name) || "";
    const wanted = /^(\d+)(-?)$/.exec(parts.get("sort") || "");
    if (wanted && Number(wanted[1]) < heads.length) sort(Number(wanted[1]), wanted[2] === "-");
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.title = "Sort by " + head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      sort(column, order.column === column && !order.down);
      remember();
    });
  });
  form.addEventListener("input", () => { filter(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { filter(); remember(); }));
  window.addEventListener("hashchange", () => { recall(); filter(); });
  form.hidden = false;
  recall();
  filter();
})();
