"""A person in a browser without script: logs in by the pages, allows the application, and is sent back to it."""

from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

import requests

import keyward
from keyward import check


class Forms(HTMLParser):
    """The forms of a page: where each goes, and the fields it has; the buttons that say something are listed apart."""

    def __init__(self, html):
        super().__init__()
        self.forms = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.forms.append({"action": given["action"], "fields": {}, "buttons": {}})
        elif self.forms and tag == "input" and given.get("name"):
            self.forms[-1]["fields"][given["name"]] = given.get("value") or ""
        elif self.forms and tag == "button" and given.get("name"):
            self.forms[-1]["buttons"].setdefault(given["name"], []).append(given["value"])


class Browser:
    """A browser with cookies of its own. It keeps secure ones on this machine, as real ones do."""

    def __init__(self):
        self.cookies = {}

    def _send(self, method, url, headers=(), **options):
        sent = {"Accept": "text/html", **dict(headers)}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        options |= {"headers": sent, "allow_redirects": False, "timeout": keyward.PATIENCE}
        answer = requests.request(method, url, **options)
        for line in answer.raw.headers.getlist("Set-Cookie"):
            for name, cookie in SimpleCookie(line).items():
                if cookie["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = cookie.value
        return answer

    def _submit(self, page, form, changes):
        data = {**form["fields"], **changes}
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        return self._send("POST", urljoin(page.url, form["action"]), data=data, headers={"Origin": origin})

    def submit(self, url):
        """Opens `url` and sends its first form as it is."""
        page = self._send("GET", url)
        answer = self._submit(page, Forms(page.text).forms[0], {})
        check(answer.is_redirect, f"{url} answers {answer.status_code}: {answer.text}")

    def follow(self, url):
        """Opens `url` and does what the pages ask for, until the browser is sent elsewhere: returns that address."""
        answer = self._send("GET", url)
        for _ in range(12):
            if answer.is_redirect:
                onward = urljoin(answer.url, answer.headers["Location"])
                if not onward.startswith(keyward.URL):
                    return onward
                answer = self._send("GET", onward)
                continue
            check(answer.status_code == 200, f"{answer.url} answers {answer.status_code}: {answer.text}")
            forms = Forms(answer.text).forms
            login = [form for form in forms if "password" in form["fields"]]
            consent = [form for form in forms if "decision" in form["buttons"]]
            if login:
                changes = {"password": keyward.PASSWORD}
                if "username" in login[0]["fields"]:
                    changes["username"] = keyward.EMAIL
                answer = self._submit(answer, login[0], changes)
            elif consent:
                answer = self._submit(answer, consent[0], {"decision": "allow"})
            else:
                raise SystemExit(f"{answer.url} leads nowhere: {answer.text}")
        raise SystemExit(f"{url} leads from page to page.")
