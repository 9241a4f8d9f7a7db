"""What is on screen: the only room with Qt."""
