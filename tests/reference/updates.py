"""Optimiser steps from their formulas, in float64; each returns the new values and states."""

import numpy as np


def sgd(gradient, values, rate, decay=0.0):
    return values - rate * (gradient + decay * values)


def momentum(gradient, values, velocity, rate, friction, decay=0.0, is_nesterov=False):
    slope = gradient + decay * values
    velocity = friction * velocity + slope
    step = slope + friction * velocity if is_nesterov else velocity
    return values - rate * step, velocity


def adagrad(gradient, values, squares, rate, epsilon, decay=0.0):
    slope = gradient + decay * values
    squares = squares + slope**2
    return values - rate * slope / (np.sqrt(squares) + epsilon), squares


def rmsprop(gradient, values, squares, rate, beta, epsilon, decay=0.0):
    slope = gradient + decay * values
    squares = beta * squares + (1 - beta) * slope**2
    return values - rate * slope / (np.sqrt(squares) + epsilon), squares


def adam(gradient, values, means, squares, step, rate, betas, epsilon, decay=0.0, decoupled=0.0):
    slope = gradient + decay * values
    means = betas[0] * means + (1 - betas[0]) * slope
    squares = betas[1] * squares + (1 - betas[1]) * slope**2
    corrected = means / (1 - betas[0] ** step)
    root = np.sqrt(squares / (1 - betas[1] ** step))
    values = values - rate * decoupled * values
    return values - rate * corrected / (root + epsilon), means, squares


def move_average(values, average, keep):
    return keep * average + (1 - keep) * values


def squared_norm(values):
    return sum(float(value) ** 2 for value in values)
