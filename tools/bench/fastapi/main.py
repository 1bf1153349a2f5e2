"""What a user of FastAPI would write instead: the same routes as in Keyward's bench, by the libraries that its tutorial names.

It does less: no sessions that can be ended, no limits, no mails, no log line a request. Run by `cargo xtask bench --fastapi`.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from typing import Annotated

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import BaseModel
from sqlalchemy import ForeignKey, create_engine, event, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship

LIFE = 15 * 60
KEY = Ed25519PrivateKey.generate()
# Keyward's own parameters, so that a login costs the same.
HASHES = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19456, parallelism=1),))


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    password: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    title: Mapped[str]
    content: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)
    owner: Mapped[User] = relationship()


class Refresh(Base):
    __tablename__ = "refreshes"
    token: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


# As many connections as callers: with the usual fifteen, requests that hold one and wait for a thread, and threads that wait for
# one, stop each other for half a minute.
engine = create_engine("sqlite:///fastapi.db", connect_args={"timeout": 30}, pool_size=64)


@event.listens_for(engine, "connect")
def durable(connection, _) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


Base.metadata.create_all(engine)
app = FastAPI()


def database() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


Db = Annotated[Session, Depends(database)]
Bearer = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="login"))]


def current(token: Bearer, db: Db) -> User:
    try:
        claims = jwt.decode(token, KEY.public_key(), algorithms=["EdDSA"], audience="keyward")
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Could not validate credentials") from None
    user = db.get(User, int(claims["sub"]))
    if user is None:
        raise HTTPException(401, "Could not validate credentials")
    return user


Current = Annotated[User, Depends(current)]


class Account(BaseModel):
    email: str
    password: str
    name: str | None = None


class Credentials(BaseModel):
    username: str
    password: str


class Tokens(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "bearer"
    expires_in: int = LIFE


class RefreshToken(BaseModel):
    refresh_token: str


class UserOut(BaseModel):
    id: int
    email: str
    name: str | None
    created_at: float


class Draft(BaseModel):
    title: str
    content: str
    published: bool = True


class OwnerOut(BaseModel):
    id: int
    name: str | None


class PostOut(BaseModel):
    id: int
    title: str
    content: str
    created_at: float
    owner: OwnerOut


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def access(user: int) -> str:
    now = int(time.time())
    claims = {"sub": str(user), "aud": "keyward", "iat": now, "exp": now + LIFE, "jti": secrets.token_hex(16)}
    return jwt.encode(claims, KEY, "EdDSA")


def tokens(user: int, db: Session) -> Tokens:
    refresh = secrets.token_urlsafe(32)
    db.add(Refresh(token=digest(refresh), user_id=user))
    db.commit()
    return Tokens(access_token=access(user), refresh_token=refresh)


@app.get("/health/ready")
def ready() -> str:
    return "ready"


@app.post("/signup", status_code=201)
def sign_up(account: Account, db: Db) -> Tokens:
    user = User(email=account.email, name=account.name, password=HASHES.hash(account.password))
    db.add(user)
    db.flush()
    return tokens(user.id, db)


@app.post("/login")
def log_in(credentials: Credentials, db: Db) -> Tokens:
    user = db.scalar(select(User).where(User.email == credentials.username))
    if user is None or not HASHES.verify(credentials.password, user.password):
        raise HTTPException(401, "Incorrect username or password")
    return tokens(user.id, db)


@app.post("/refresh_token")
def refresh(body: RefreshToken, db: Db) -> Tokens:
    new = secrets.token_urlsafe(32)
    old = update(Refresh).where(Refresh.token == digest(body.refresh_token)).values(token=digest(new))
    user = db.scalar(old.returning(Refresh.user_id))
    if user is None:
        raise HTTPException(401, "Invalid refresh token")
    db.commit()
    return Tokens(access_token=access(user), refresh_token=new)


@app.get("/users/me", response_model=UserOut)
def read_me(user: Current) -> User:
    return user


@app.get("/posts", response_model=list[PostOut])
def list_posts(db: Db, _: Current, limit: int = 20) -> list[Post]:
    return list(db.scalars(select(Post).options(joinedload(Post.owner)).order_by(Post.id).limit(limit)))


@app.post("/posts", status_code=201, response_model=PostOut)
def write_post(draft: Draft, user: Current, db: Db) -> Post:
    post = Post(owner_id=user.id, title=draft.title, content=draft.content)
    db.add(post)
    db.commit()
    return post


if __name__ == "__main__":
    host, _, port = os.environ["KEYWARD_LISTEN"].rpartition(":")
    uvicorn.run(app, host=host, port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning")
