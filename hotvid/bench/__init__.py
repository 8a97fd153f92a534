"""How fast things are here: the main job, and the lifters beside each other."""
