// Starts ReDoc. The document is beside the page, wherever a proxy serves it.
Redoc.init(new URL("../openapi.json", document.currentScript.src).href, {}, document.getElementById("redoc"));
