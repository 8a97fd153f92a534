"""hotvid: any video of people into 3D skeletons."""

__version__ = "0.1.0"
