// Loaded into each Medusa process: the channel to whoever started it closes when that one dies.
process.on("disconnect", () => process.exit(1))
