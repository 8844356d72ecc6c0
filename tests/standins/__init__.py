"""Stand-ins for push services: servers that speak their documented protocols over HTTPS. That of APNs is
`rcim_bench.standin_apns`, because measuring needs it too."""
