// A person in a browser without script: logs in by the pages, allows the application, and is sent back to it.

import { check, email, password, url } from "./keyward.mjs";

const attribute = (tag, name) => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return found?.replaceAll("&quot;", '"').replaceAll("&#x2f;", "/").replaceAll("&#x27;", "'").replaceAll("&amp;", "&");
};

/** The forms of a page: where each goes, the fields it has, and the names of its buttons. */
const formsOf = (html) =>
  [...html.matchAll(/<form[^>]*>[\s\S]*?<\/form>/g)].map(([form]) => ({
    action: attribute(form, "action"),
    fields: Object.fromEntries(
      [...form.matchAll(/<input[^>]*>/g)]
        .filter(([tag]) => attribute(tag, "name"))
        .map(([tag]) => [attribute(tag, "name"), attribute(tag, "value") ?? ""]),
    ),
    buttons: [...form.matchAll(/<button[^>]*>/g)].map(([tag]) => attribute(tag, "name")).filter(Boolean),
  }));

export class Browser {
  #cookies = new Map();

  async #send(address, options = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", ...(cookie && { cookie }), ...options.headers };
    const answer = await fetch(address, { ...options, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split("; ");
      const [name, value] = pair.split("=");
      if (attributes.includes("Max-Age=0")) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }

  #submit(page, form, changes) {
    const body = new URLSearchParams({ ...form.fields, ...changes });
    const headers = { origin: new URL(page).origin };
    return this.#send(new URL(form.action, page), { method: "POST", body, headers });
  }

  /** Opens an address and does what the pages ask for, until the browser is sent elsewhere: that address. */
  async follow(address) {
    let place = new URL(address);
    let answer = await this.#send(place);
    for (let step = 0; step < 12; step += 1) {
      if (answer.status >= 300 && answer.status < 400) {
        place = new URL(answer.headers.get("location"), place);
        if (place.origin !== new URL(url).origin) return place;
        answer = await this.#send(place);
        continue;
      }
      const html = await answer.text();
      check(answer.status === 200, `${place} answers ${answer.status}: ${html}`);
      const forms = formsOf(html);
      const login = forms.find((form) => "password" in form.fields);
      const consent = forms.find((form) => form.buttons.includes("decision"));
      check(login ?? consent, `${place} leads nowhere: ${html}`);
      const name = login && "username" in login.fields ? { username: email } : {};
      answer = login
        ? await this.#submit(place, login, { password, ...name })
        : await this.#submit(place, consent, { decision: "allow" });
    }
    check(false, `${address} leads from page to page.`);
  }
}
