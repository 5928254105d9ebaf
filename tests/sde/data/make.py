#!/usr/bin/env python3
"""Writes irsde_small beside this file: IR-SDE's tables, steps and trajectories in double precision.

Written from the paper's equations, independently of src/sde, step by step as they stand there. Layout as in
../shared/golden/irsde (see its README). Run: python3 tests/sde/data/make.py
"""
import math
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "nets", "data"))
from make import normal, write  # noqa: E402


class IrSde:
    def __init__(self, max_sigma, T, schedule, eps, sample_T=0):
        steps = sample_T or T
        self.T, self.lam, self.scale = steps, max_sigma / 255 if max_sigma >= 1 else max_sigma, T / steps
        if schedule == "cosine":
            n, s = steps + 2, 0.008
            bar = [math.cos((u / n + s) / (1 + s) * math.pi / 2) ** 2 for u in range(n)]
            theta = [1 - bar[t + 1] / bar[0] for t in range(steps + 1)]
        elif schedule == "linear":
            k = 1000 / (steps + 1)
            theta = [k * (1e-4 + (0.02 - 1e-4) * t / steps) for t in range(steps + 1)]
        else:
            theta = [1.0] * (steps + 1)
        self.theta = np.array(theta)
        self.sum = np.cumsum(self.theta) - self.theta[0]
        self.dt = -math.log(eps) / self.sum[-1]
        self.sigma = np.sqrt(2 * self.lam ** 2 * self.theta)
        self.bar = np.sqrt(self.lam ** 2 * (1 - np.exp(-2 * self.sum * self.dt)))

    def mean(self, x0, mu, t):
        return mu + (x0 - mu) * math.exp(-self.sum[t] * self.dt)

    def score(self, noise, t):
        return -noise / self.bar[t]

    def sde_mean(self, x, mu, score, t):
        return x - (self.theta[t] * (mu - x) - self.sigma[t] ** 2 * score) * self.dt

    def sde(self, x, mu, score, t, z):
        return self.sde_mean(x, mu, score, t) - self.sigma[t] * math.sqrt(self.dt) * z

    def ode(self, x, mu, score, t):
        return x - (self.theta[t] * (mu - x) - 0.5 * self.sigma[t] ** 2 * score) * self.dt

    def factors(self, t):
        return (math.exp(-self.theta[t] * self.dt), math.exp(-self.sum[t] * self.dt),
                math.exp(-self.sum[t - 1] * self.dt))

    def optimum(self, x, x0, mu, t):
        a, b, c = self.factors(t)
        return a * (1 - c * c) / (1 - b * b) * (x - mu) + c * (1 - a * a) / (1 - b * b) * (x0 - mu) + mu

    def deviation(self, t):
        a, b, c = self.factors(t)
        return self.lam * math.sqrt((1 - a * a) * (1 - c * c) / (1 - b * b))

    def clean(self, x, mu, noise, t):
        return (x - mu - self.bar[t] * noise) * math.exp(self.sum[t] * self.dt) + mu

    def posterior(self, x, mu, noise, t, z):
        return self.optimum(x, self.clean(x, mu, noise, t), mu, t) + self.deviation(t) * z

    def walk(self, x, mu, noise_of, kind, zs):
        for k, t in enumerate(range(self.T, 0, -1)):
            noise = noise_of(x, t)
            if kind == "sde":
                x = self.sde(x, mu, self.score(noise, t), t, zs[k])
            elif kind == "ode":
                x = self.ode(x, mu, self.score(noise, t), t)
            else:
                x = self.posterior(x, mu, noise, t, zs[k])
        return x


def steps(s, given, out):
    x0, mu, xt, z, predicted = (given[name].astype(np.float64) for name in ("x0", "mu", "xt", "noise", "pred_noise"))
    for t in sorted({s.T, s.T // 2, 2, 1}):
        mean, score = s.mean(x0, mu, t), s.score(predicted, t)
        out.update({f"t{t}.{name}": value for name, value in {
            "mu_bar": mean, "weight": np.array([math.exp(-s.sum[t] * s.dt)]), "forward_state": mean + s.bar[t] * z,
            "score": score, "real_noise": (xt - mean) / s.bar[t], "real_score": -(xt - mean) / s.bar[t] ** 2,
            "forward_step": xt + s.theta[t] * (mu - xt) * s.dt + s.sigma[t] * math.sqrt(s.dt) * z,
            "init_from_noise": s.clean(xt, mu, predicted, t), "reverse_sde_step_mean": s.sde_mean(xt, mu, score, t),
            "reverse_sde_step": s.sde(xt, mu, score, t, z), "reverse_ode_step": s.ode(xt, mu, score, t),
            "reverse_optimum_step": s.optimum(xt, x0, mu, t), "reverse_optimum_std": np.array([s.deviation(t)]),
            "reverse_posterior_step": s.posterior(xt, mu, predicted, t, z)}.items()})
    out["noise_state"] = mu + z * s.lam
    parts = [[], [], []]
    for i, t in enumerate(given["batch_t"]):
        state = s.mean(x0[i], mu[i], t) + s.bar[t] * z[i]
        parts[0].append(state)
        parts[1].append(s.sde_mean(state, mu[i], s.score(predicted[i], t), t))
        parts[2].append(s.optimum(state, x0[i], mu[i], t))
    for name, part in zip(("train_state", "train_step_mean", "train_optimum"), parts):
        out[name] = np.stack(part)


def trajectories(s, given, out):
    mu, x0, x = (given[name].astype(np.float64) for name in ("traj_mu", "traj_x0", "traj_x"))

    def toy(state, t):
        return 0.3 * np.tanh(state - mu) + 0.01 * t * s.scale

    def oracle(state, t):
        return (state - s.mean(x0, mu, t)) / s.bar[t]

    for kind, name in (("sde", "traj_noise_sde"), ("posterior", "traj_noise_post"), ("ode", "traj_noise_sde")):
        noises = given[name].astype(np.float64)
        out["traj_" + kind] = s.walk(x, mu, toy, kind, noises)
        out["oracle_" + kind] = s.walk(x, mu, oracle, kind, noises)


def main():
    configs = [dict(name="cosine", max_sigma=50, T=10, schedule="cosine", eps=0.005),
               dict(name="strided", max_sigma=50, T=20, sample_T=5, schedule="cosine", eps=0.005),
               dict(name="linear", max_sigma=0.3, T=8, schedule="linear", eps=0.01),
               dict(name="constant", max_sigma=25, T=6, schedule="constant", eps=0.02)]
    tensors = {}
    for config in configs:
        s = IrSde(**{key: value for key, value in config.items() if key != "name"})
        given = {name: normal(2, 3, 2, 3, scale=0.5) for name in ("x0", "mu", "xt", "noise", "pred_noise")}
        given.update({name: normal(1, 3, 2, 2, scale=0.5) for name in ("traj_mu", "traj_x0", "traj_x")})
        given.update({name: normal(s.T, 1, 3, 2, 2) for name in ("traj_noise_sde", "traj_noise_post")})
        given["batch_t"] = np.array([s.T - 1, 2])
        out = {"thetas": s.theta, "sigmas": s.sigma, "thetas_cumsum": s.sum, "sigma_bars": s.bar,
               "dt": np.array([s.dt]), "max_sigma": np.array([s.lam]), "sample_scale": np.array([s.scale])}
        steps(s, given, out)
        trajectories(s, given, out)
        tensors.update({f"{config['name']}.in.{name}": value for name, value in given.items()})
        tensors.update({f"{config['name']}.out64.{name}": value for name, value in out.items()})
    write(os.path.join(HERE, "irsde_small"), {"configs": configs}, None, tensors)


if __name__ == "__main__":
    main()
