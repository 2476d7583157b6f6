"""Columns and cells: conversion between the values of the server and those of a frame."""
