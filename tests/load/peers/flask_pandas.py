"""Peer: Flask under gunicorn's forked workers, a frame a request."""

from __future__ import annotations

import pandas
from flask import Flask, Response, jsonify, request

from pipeline import load_pipeline

app = Flask(__name__)
churn = load_pipeline()


@app.post("/predict")
def predict() -> Response:
    """Score the posted customer."""
    frame = pandas.DataFrame([request.get_json()])
    return jsonify(churn_probability=float(churn.predict_proba(frame)[0, 1]))
