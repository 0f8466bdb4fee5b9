from tracehound.content import content_dir

__path__ = [str(content_dir("connectors"))]
