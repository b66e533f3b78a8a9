#!/usr/bin/env python3
"""Credentials and certificates: TLS versions, tokens and JWTs, client certificates, rules, a certificate that is replaced.

    .ci/check_security.py [CHECK ...]

Needs tritonclient and openssl, which makes the keys anew. Traffic stays on 127.0.0.1, bounded in count.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings

import harness
from harness import Checks, Server, build, expect, serving, until
from inference import BENCH, QUICK, golden, raw_call, typed  # before grpc: silences its log

import grpc
from tritonclient.grpc import service_pb2

WORK = harness.WORK / "security"
TOKEN = "a-token-of-this-check"
OPERATOR = "the-token-of-who-loads-models"


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, cwd=WORK, timeout=60)
    expect(done.returncode == 0, f"openssl {arguments[0]}: {done.stderr.decode()[-300:]}")
    return done.stdout


def make_keys() -> None:
    def ca(name: str) -> None:
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")

    ca("ca")
    ca("strangers")
    sign("server", "localhost", "ca")
    sign("client", "batch-job", "ca")
    sign("expired", "batch-job", "ca", days="-1")
    sign("stranger", "batch-job", "strangers")
    lines = [f"{name} {hashlib.sha256(token.encode()).hexdigest()}\n" for name, token in (("web", TOKEN), ("ops", OPERATOR))]
    (WORK / "tokens").write_text("".join(lines))
    for name in ("jwt", "jwt-stranger"):
        openssl("genrsa", "-out", f"{name}.key", "2048")
    modulus = openssl("rsa", "-in", "jwt.key", "-noout", "-modulus").decode().strip().partition("=")[2]
    key = {"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": text64(bytes.fromhex(modulus)), "e": "AQAB"}
    (WORK / "jwks.json").write_text(json.dumps({"keys": [key]}))


def text64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(seconds: int, key: str = "jwt", audience: str = "podium") -> str:
    """A token that expires in so many seconds."""
    head = {"alg": "RS256", "kid": "1"}
    claims = {"sub": "web", "iss": "this-check", "aud": audience, "exp": int(time.time()) + seconds}
    signed = ".".join(text64(json.dumps(part).encode()) for part in (head, claims))
    return f"{signed}.{text64(openssl('dgst', '-sha256', '-sign', f'{key}.key', data=signed.encode()))}"


def sign(name: str, subject: str, ca: str, days: str = "1") -> None:
    (WORK / f"{name}.ext").write_text(f"subjectAltName=DNS:{subject}\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={subject}",
            "-keyout", f"{name}.new", "-out", f"{name}.csr")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key", "-CAcreateserial",
            "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.crt")
    os.replace(WORK / f"{name}.new", WORK / f"{name}.key")


def secure_channel(server: Server, certificate: str = "", ca: str = "ca") -> grpc.Channel:
    read = lambda name: (WORK / name).read_bytes()
    credentials = grpc.ssl_channel_credentials(
        read(f"{ca}.crt"),
        read(f"{certificate}.key") if certificate else None,
        read(f"{certificate}.crt") if certificate else None)
    return grpc.secure_channel(f"localhost:{server.port}", credentials)


def status_of(channel: grpc.Channel, token: str = "", method: str = "ServerMetadata", request: bytes = b"") -> str:
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    try:
        raw_call(channel, f"/inference.GRPCInferenceService/{method}", request, metadata)
        return "OK"
    except grpc.RpcError as e:
        return e.code().name
    finally:
        channel.close()


def matrix(got: dict[str, str], wanted: dict[str, str]) -> str:
    wrong = {what: status for what, status in got.items() if status not in wanted[what].split("|")}
    expect(not wrong, f"{wrong} (expected: {({what: wanted[what] for what in wrong})})")
    return ", ".join(f"{what} {status}" for what, status in got.items())


def tls(server: Server) -> str:
    def version(which: ssl.TLSVersion) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(WORK / "ca.crt")
        context.set_alpn_protocols(["h2"])
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = which
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as secure:
                    return f"{secure.version()} {secure.selected_alpn_protocol()}"
        except (ssl.SSLError, OSError) as e:
            return f"refused ({getattr(e, 'reason', None) or type(e).__name__})"

    warnings.simplefilter("ignore", DeprecationWarning)  # the old version is asked for on purpose
    old = version(ssl.TLSVersion.TLSv1_1)
    expect(old.startswith("refused"), f"TLS 1.1: {old}")
    got = {
        "TLS 1.2": version(ssl.TLSVersion.TLSv1_2), "TLS 1.3": version(ssl.TLSVersion.TLSv1_3),
        "plain text": status_of(grpc.insecure_channel(server.target), TOKEN),
        "certificate of another CA expected": status_of(secure_channel(server, ca="strangers"), TOKEN),
    }
    wanted = dict(zip(got, ("TLSv1.2 h2", "TLSv1.3 h2", "UNAVAILABLE", "UNAVAILABLE")))
    return matrix(got, wanted) + f", TLS 1.1 {old}"


def tokens(server: Server) -> str:
    def with_token(token: str) -> str:
        return status_of(secure_channel(server), token)

    got = {
        "none": with_token(""), "right token": with_token(TOKEN), "wrong token": with_token("nonsense"),
        "right JWT": with_token(jwt(600)), "expired JWT": with_token(jwt(-600)),
        "JWT for others": with_token(jwt(600, audience="another")), "stranger's JWT": with_token(jwt(600, "jwt-stranger")),
    }
    return matrix(got, {what: "OK" if what.startswith("right") else "UNAUTHENTICATED" for what in got})


def client_certificates(server: Server) -> str:
    """Certificates are asked for and not required: a wrong one ends the handshake, none leaves it to tokens."""
    got = {
        "none": status_of(secure_channel(server)), "right": status_of(secure_channel(server, "client")),
        "expired": status_of(secure_channel(server, "expired")), "stranger's": status_of(secure_channel(server, "stranger")),
    }
    return matrix(got, {"none": "UNAUTHENTICATED", "right": "OK", "expired": "UNAVAILABLE", "stranger's": "UNAVAILABLE"})


def required_certificates() -> str:
    with serving(BENCH, *QUICK, *tls_options("required"), log="security/mtls") as server:
        got = {
            "none": status_of(secure_channel(server)), "token alone": status_of(secure_channel(server), TOKEN),
            "right": status_of(secure_channel(server, "client")), "expired": status_of(secure_channel(server, "expired")),
            "stranger's": status_of(secure_channel(server, "stranger")),
        }
    return matrix(got, {what: "OK" if what == "right" else "UNAVAILABLE" for what in got})


def rules(server: Server) -> str:
    """Who may infer may not load models."""
    load = b"\x12\x06deepfm"
    metadata = b"\x0a\x06deepfm"

    def asks(token: str, method: str, request: bytes) -> str:
        return status_of(secure_channel(server), token, method, request)

    got = {
        "web reads metadata": asks(TOKEN, "ModelMetadata", metadata),
        "web loads": asks(TOKEN, "RepositoryModelLoad", load), "web unloads": asks(TOKEN, "RepositoryModelUnload", load),
        "web reads another model": asks(TOKEN, "ModelMetadata", b"\x0a\x03din"),
        "ops loads": asks(OPERATOR, "RepositoryModelLoad", load),
        "nobody loads": asks("", "RepositoryModelLoad", load),
    }
    wanted = ("OK", "PERMISSION_DENIED", "PERMISSION_DENIED", "PERMISSION_DENIED", "OK", "UNAUTHENTICATED")
    return matrix(got, dict(zip(got, wanted)))


def secrets(server: Server) -> str:
    """What was sent as a credential above stands in no log and on no page."""
    told = server.log() + server.http("/metrics") + server.http("/models")
    found = [word for word in (TOKEN, OPERATOR, "nonsense", "eyJ") if word in told]
    expect(not found, f"{found} in the log or on a page")
    return f"no token in {len(server.log().splitlines())} lines of log, /metrics and /models"


def tls_options(client_auth: str) -> list[str]:
    settings = {
        "tls.certificate": WORK / "server.crt", "tls.key": WORK / "server.key", "tls.client_ca": WORK / "ca.crt",
        "tls.client_auth": client_auth, "auth.tokens": WORK / "tokens", "auth.jwks": WORK / "jwks.json",
        "auth.issuer": "this-check", "auth.audience": "podium", "auth.client_certificates": "true", "reload": "100ms",
        "auth.rules": "[{principals: [web, batch-job], methods: [describe, infer], models: [deepfm]}, "
                      "{principals: [ops], methods: ['*']}]",
    }
    return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


def certificate_swap(server: Server) -> str:
    """The certificate and its key are replaced while requests come on connections that stand and on new ones."""
    stop = threading.Event()
    outcomes: dict[str, int] = {}
    count = threading.Lock()
    tensors, scores = golden()
    credential = (("authorization", f"Bearer {TOKEN}"),)
    reader = secure_channel(server)
    metadata = service_pb2.ModelMetadataResponse.FromString(
        raw_call(reader, "/inference.GRPCInferenceService/ModelMetadata", b"\x0a\x06deepfm", credential))
    reader.close()
    request = typed(metadata, tensors, len(scores)).SerializeToString()

    def load() -> None:
        kept = secure_channel(server)
        while not stop.is_set():
            for channel in (kept, secure_channel(server)):
                try:
                    raw_call(channel, "/inference.GRPCInferenceService/ModelInfer", request, credential)
                    result = "OK"
                except grpc.RpcError as e:
                    result = e.code().name
                with count:
                    outcomes[result] = outcomes.get(result, 0) + 1
                if channel is not kept:
                    channel.close()
        kept.close()

    def shown() -> bytes:
        return subprocess.run(["openssl", "s_client", "-connect", server.target, "-alpn", "h2"], input=b"", timeout=20,
                              capture_output=True).stdout.partition(b"-----END")[0]

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            before, answered = shown(), outcomes.get("OK", 0)
            sign("server", "localhost", "ca")
            until(lambda: shown() != before, 30, "the old certificate is still shown")
            until(lambda: outcomes.get("OK", 0) >= answered + 20, 60, "few requests beside the swap")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    expect(set(outcomes) == {"OK"}, f"{outcomes}")
    return f"5 swaps, {outcomes['OK']} inference requests on kept and new connections, 0 failed"


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    build()
    make_keys()
    checks = Checks()
    with serving(BENCH, *QUICK, *tls_options("optional"), log="security/server") as server:
        for name, one in (
            ("tls", tls), ("tokens", tokens), ("mtls, optional", client_certificates), ("rules", rules),
            ("certificate swap", certificate_swap), ("secrets", secrets),
        ):
            checks.run(name, lambda one=one: one(server))
    checks.run("mtls, required", required_certificates)
    return checks.status()


if __name__ == "__main__":
    sys.exit(main())
