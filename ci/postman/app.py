"""The app for people: that it runs, whom it leads to signing in, and what a planner reads who has signed in."""

from ci.postman.items import Item, folder, request, status, test

_APP = "{{app}}"
_FORM = "application/x-www-form-urlencoded"
# The gateway's key is none of the app's business.
_NO_KEY = ['pm.request.headers.remove("Authorization");']
_TOKEN = [
    'const token = pm.response.text().match(/name="csrf_token" value="([^"]+)"/);',
    'pm.collectionVariables.set("app_token", token ? token[1] : "");',
]
_POLICY = test(
    "and lets a browser run nothing of others",
    "pm.expect(pm.response.headers.get('content-security-policy')).to.include(\"default-src 'none'\");",
)
_SIGN_IN = "csrf_token={{app_token}}&name={{app_person}}&password="


def build() -> list[Item]:
    """What needs nobody, and what needs somebody with a password."""
    strangers = [
        _asked("The app runs", "GET", "/healthz", status(200)),
        _asked("The app can be asked", "GET", "/readyz", status(200)),
        _asked("A stranger is led to signing in", "GET", "/customers", [*status(200), *_says("Sign in"), *_POLICY]),
        _asked("A wrong password", "POST", "/sign-in", [*status(401), *_says("do not go together")], f"{_SIGN_IN}no"),
        _asked("A form that is not of the app", "POST", "/sign-in", status(400), "name=petra&password=no"),
    ]
    planners = [
        _asked("The page that asks who somebody is", "GET", "/sign-in", status(200)),
        _asked("Sign in", "POST", "/sign-in", [*status(200), *_says("Sign out")], f"{_SIGN_IN}{{{{app_password}}}}"),
        *(
            _asked(name, "GET", path, [*status(200), *_says(f"<h1>{name}</h1>"), *_POLICY])
            for name, path in (
                ("Overview", "/"), ("Customers", "/customers"), ("Segments", "/segments"), ("Plans", "/plans/"),
                ("Results", "/results/"), ("Models", "/models"),
            )
        ),
        _asked("A customer who is not there", "GET", "/customers/0123456789abcdef", _LOST),
        _asked("Sign out", "POST", "/sign-out", [*status(200), *_says("You are signed out")], "csrf_token={{app_token}}"),
    ]  # fmt: skip
    return [
        folder(
            "The app for people",
            "What a monitor asks, and who is not let in. Empty `app` where there is none.",
            strangers,
            only_with="app",
        ),
        folder(
            "The app for people: signed in",
            "Every page of a planner; `app_password` of `make run` is in `.churn/keys/marketing-password`.",
            planners,
            only_with="app_password",
        ),
    ]


# Without any scores nobody can be looked for.
_LOST = test("nobody is found", "pm.expect(pm.response.code).to.be.oneOf([404, 503]);")


def _asked(name: str, method: str, path: str, tests: list[str], body: str | None = None) -> Item:
    tests = [*_TOKEN, *tests]
    return request(name, method, path, tests, base=_APP, body=body, content_type=_FORM, before=_NO_KEY)


def _says(words: str) -> list[str]:
    return test(f"says {words}", f"pm.expect(pm.response.text()).to.include({words!r});")
