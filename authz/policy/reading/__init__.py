"""Policy files to checked values, each problem with its place."""
