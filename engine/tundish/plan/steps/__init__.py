"""How the steps of a route run; one module for each step that `tundish.config.steps` declares, of the same name.

A module has a function `compile_step(settings, place: Placed) -> Step`.
"""
