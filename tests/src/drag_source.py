"""A small window to drag files out of, as a file manager offers them."""

import pathlib
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

window = Gtk.Window(title="DragSource")
window.set_default_size(120, 120)
box = Gtk.EventBox()
box.add(Gtk.Label(label="drag"))
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
uris = [pathlib.Path(path).resolve().as_uri() for path in sys.argv[1:]]
box.connect("drag-data-get", lambda _w, _c, selection, _i, _t: selection.set_uris(uris))
window.add(box)
window.connect("destroy", Gtk.main_quit)
window.show_all()
Gtk.main()
