using Microsoft.Extensions.Options;

namespace OrleansLM.Hosting.Cluster;

[OptionsValidator]
internal sealed partial class ClusterSettingsIntervals : IValidateOptions<ClusterSettings>;
