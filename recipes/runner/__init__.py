"""Trains and analyzes experiments in several processes; knows no paper."""
