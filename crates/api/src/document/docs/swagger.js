// Starts Swagger UI. persistAuthorization stays off: it would keep the password in clear in the browser's storage.

// Everything is found from where this script is, whatever path a proxy serves it under.
const base = new URL("..", document.currentScript.src).href;
const place = new URL(base).pathname.replace(/\/$/, "");

// The document names the service's public address. This page asks the origin that it came from, and no other.
const fromHere = (text) => {
  const description = JSON.parse(text);
  delete description.servers;
  if (place) description.servers = [{ url: place }];
  const flows = description.components?.securitySchemes?.OAuth2PasswordBearer?.flows ?? {};
  if (flows.password) flows.password.tokenUrl = `${place}/login`;
  if (flows.authorizationCode) {
    flows.authorizationCode.authorizationUrl = `${base}oauth/authorize`;
    flows.authorizationCode.tokenUrl = `${place}/oauth/token`;
  }
  if (description.info?.license?.url) description.info.license.url = `${base}docs/licences.txt`;
  return JSON.stringify(description);
};

// The document's schemes come in alphabetical order; the form for e-mail and password is wanted before the bare token.
const FormFirst = () => ({
  statePlugins: {
    auth: { wrapSelectors: { definitionsToAuthorize: (original) => (...args) => original(...args)?.reverse() } },
  },
});

// Every form in Authorize asks for the focus, and the last one gets it, scrolled to: the first one should.
const FirstField = ({ React }) => ({
  wrapComponents: {
    authorizationPopup: (Popup) => (props) => {
      React.useEffect(() => document.querySelector(".auth-container input")?.focus(), []);
      return React.createElement(Popup, props);
    },
  },
});

// The login made in Authorize: who is logged in, with the refresh token, in this page's memory alone.
const SCHEME = "OAuth2PasswordBearer";
let login = null;

const keep = (auth, token) => {
  const seconds = Number(token?.expires_in);
  if (!token?.refresh_token || !(seconds > 0)) return;
  // A little before the token expires, so that it does not do so on its way.
  login = { auth, token, until: Date.now() + (seconds - Math.min(5, seconds / 2)) * 1000, renewal: null };
};

// How a login is renewed and ended: one by the form is a session of the person's own, one by code is a client's.
const isByCode = (kept) => kept.auth.schema?.get("flow") === "authorizationCode";
const post = (path, headers, body) => fetch(`${base}${path}`, { method: "POST", headers, body, keepalive: true });
const byForm = (path, fields) => post(path, {}, new URLSearchParams(fields));

const trade = (kept) => {
  const { refresh_token } = kept.token;
  if (isByCode(kept)) {
    return byForm("oauth/token", { grant_type: "refresh_token", refresh_token, client_id: kept.auth.clientId });
  }
  return post("refresh_token", { "Content-Type": "application/json" }, JSON.stringify({ refresh_token }));
};

// Trades the refresh token, once for all requests that wait. A session that has ended leaves the old token, and its 401.
const renew = (kept) => {
  kept.renewal ??= trade(kept).then(async (answer) => {
    if (answer.ok && login === kept) {
      window.ui.authActions.authorizeOauth2({ auth: kept.auth, token: await answer.json() });
    } else if ([400, 401].includes(answer.status) && login === kept) {
      login = null;
    } else {
      kept.renewal = null;
    }
  }).catch(() => {
    kept.renewal = null;
  });
  return kept.renewal;
};

const renewed = async (request) => {
  const name = Object.keys(request.headers ?? {}).find((name) => name.toLowerCase() === "authorization");
  const kept = login;
  if (!kept || !name || request.headers[name] !== `Bearer ${kept.token.access_token}`) return request;
  if (Date.now() >= kept.until) {
    await renew(kept);
    if (login) request.headers[name] = `Bearer ${login.token.access_token}`;
  }
  return request;
};

// Ends the session of a login, where it is the person's own with a fresh access token if the old one has expired.
const logOut = async (kept) => {
  if (isByCode(kept)) {
    await byForm("oauth/revoke", { token: kept.token.refresh_token, client_id: kept.auth.clientId });
    return;
  }
  let { access_token } = kept.token;
  if (Date.now() >= kept.until) {
    const answer = await trade(kept);
    if (!answer.ok) return;
    ({ access_token } = await answer.json());
  }
  await post("logout", { Authorization: `Bearer ${access_token}` });
};

const Login = () => ({
  statePlugins: {
    auth: {
      wrapActions: {
        authorizeOauth2: (original) => (payload) => {
          keep(payload.auth, payload.token);
          return original(payload);
        },
        logout: (original) => (names) => {
          if (login && [...names].includes(SCHEME)) {
            logOut(login).catch(() => {});
            login = null;
          }
          return original(names);
        },
      },
    },
  },
});

// The filter box looks at paths and summaries, too, not at tags alone.
const Filter = ({ React }) => ({
  fn: {
    opsFilter: (tags, phrase) => {
      const wanted = phrase.toLowerCase();
      const has = (text) => String(text ?? "").toLowerCase().includes(wanted);
      const fits = (operation) =>
        has(operation.get("path")) || has(operation.getIn(["operation", "summary"])) ||
        has(`${operation.get("method")} ${operation.get("path")}`);
      return tags
        .map((tag, name) => (has(name) ? tag : tag.update("operations", (operations) => operations.filter(fits))))
        .filter((tag) => tag.get("operations").size > 0);
    },
  },
  wrapComponents: {
    FilterContainer: (Container) => (props) => {
      React.useEffect(() => {
        const field = document.querySelector(".operation-filter-input");
        field?.setAttribute("placeholder", "Filter by tag, path or words");
        field?.setAttribute("aria-label", "Filter the operations");
      }, []);
      return React.createElement(Container, props);
    },
  },
});

window.ui = SwaggerUIBundle({
  url: `${base}openapi.json`,
  oauth2RedirectUrl: `${base}docs/oauth2-redirect.html`,
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  layout: "BaseLayout",
  showExtensions: true,
  showCommonExtensions: true,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [FormFirst, FirstField, Login, Filter],
  requestInterceptor: renewed,
  responseInterceptor: (response) => {
    if (response.ok && response.url.split("?")[0] === `${base}openapi.json` && response.text) {
      response.text = fromHere(response.text);
    }
    return response;
  },
});
window.ui.initOAuth({
  clientId: document.getElementById("swagger-ui").dataset.client,
  usePkceWithAuthorizationCodeGrant: true,
});
