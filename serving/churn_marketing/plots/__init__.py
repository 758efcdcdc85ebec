"""Pictures as SVG, each with words that say what it shows. It must not know pages or where numbers come from."""
