"""Bias of word vectors by the formulas of the papers: plain float64, word by word."""

import itertools
import math

import numpy as np


def cosine(a, b):
    """Return a . b / (|a| |b|)."""
    return float(np.dot(a, b) / (math.sqrt(np.dot(a, a)) * math.sqrt(np.dot(b, b))))


def association(w, first, second):
    """Return s(w, A, B) of Caliskan et al. 2017."""
    return np.mean([cosine(w, a) for a in first]) - np.mean([cosine(w, b) for b in second])


def weat(x, y, a, b):
    """Return statistic and effect size (ddof 1)."""
    scores_x = [association(w, a, b) for w in x]
    scores_y = [association(w, a, b) for w in y]
    both = scores_x + scores_y
    mean = sum(both) / len(both)
    deviation = math.sqrt(sum((score - mean) ** 2 for score in both) / (len(both) - 1))
    difference = sum(scores_x) / len(scores_x) - sum(scores_y) / len(scores_y)
    return sum(scores_x) - sum(scores_y), difference / deviation


def exact_p_values(scores, num_first):
    """Return the shares of partitions with a larger, and a larger absolute, statistic."""
    everything = range(len(scores))

    def statistic(chosen):
        return math.fsum(scores[i] if i in chosen else -scores[i] for i in everything)

    observed = statistic(set(range(num_first)))
    larger = either = total = 0
    for chosen in itertools.combinations(everything, num_first):
        value = statistic(set(chosen))
        larger += value > observed + 1e-12
        either += abs(value) > abs(observed) + 1e-12
        total += 1
    return larger / total, either / total


def first_direction(pairs):
    """Return the first eigenvector of the covariance within sets, of Bolukbasi et al. 2016."""
    dim = len(pairs[0][0])
    covariance = np.zeros((dim, dim))
    for group in pairs:
        mean = sum(group) / len(group)
        for word in group:
            covariance += np.outer(word - mean, word - mean) / len(group)
    values, vectors = np.linalg.eigh(covariance)
    return vectors[:, -1], values[::-1] / values.sum()


def neutralize(w, basis):
    """Return w without its part in the span of orthonormal rows, at length 1."""
    rest = np.array(w, dtype=np.float64)
    for direction in basis:
        rest = rest - np.dot(w, direction) * np.asarray(direction)
    return rest / math.sqrt(np.dot(rest, rest))


def equalize_pair(a, b, g):
    """Return a pair of unit vectors equalized along g, as the authors' program does."""
    mean = (a + b) / 2
    y = mean - np.dot(mean, g) * g
    z = math.sqrt(1 - np.dot(y, y))
    if np.dot(a - b, g) < 0:
        z = -z
    return y + z * g, y - z * g


def taught_equalize(a, b, axis):
    """Return a pair of vectors equalized by the formulas of the course."""
    mean = (a + b) / 2
    mean_in = np.dot(mean, axis) / np.sum(axis * axis) * axis
    mean_out = mean - mean_in
    parts = []
    for w in (a, b):
        inside = np.dot(w, axis) / np.sum(axis * axis) * axis
        scale = math.sqrt(abs(1 - np.sum(mean_out * mean_out)))
        parts.append(scale * (inside - mean_in) / np.linalg.norm(w - mean_out - mean_in))
    return parts[0] + mean_out, parts[1] + mean_out


def soft_objective(matrix, words, neutral, basis, strength):
    """Return |(TW)^T TW - W^T W|^2 + strength |(TN)^T TB|^2; words are rows here."""
    moved = words @ matrix.T
    gram = moved @ moved.T - words @ words.T
    bias = (neutral @ matrix.T) @ (matrix @ basis.T)
    return float((gram**2).sum() + strength * (bias**2).sum())


def indirect_bias(w, v, g):
    """Return beta(w, v) of Bolukbasi et al. 2016, section 5.3."""
    w_rest, v_rest = w - np.dot(w, g) * g, v - np.dot(v, g) * g
    rest = np.dot(w_rest, v_rest) / (np.linalg.norm(w_rest) * np.linalg.norm(v_rest))
    return (np.dot(w, v) - rest) / np.dot(w, v)


def relative_norm_distance(words, first, second):
    """Return the sum of Garg et al. 2018 over words."""
    mean_1, mean_2 = np.mean(first, axis=0), np.mean(second, axis=0)
    return sum(np.linalg.norm(w - mean_1) - np.linalg.norm(w - mean_2) for w in words)


def mean_average_cosine(targets, attribute_sets):
    """Return MAC of Manzini et al. 2019."""
    return np.mean(
        [np.mean([1 - cosine(t, a) for a in group]) for t in targets for group in attribute_sets]
    )


def ripa(w, pairs):
    """Return the relational inner products of a word with pairs."""
    return [np.dot(w, (x - y) / np.linalg.norm(x - y)) for x, y in pairs]
