using Microsoft.Extensions.Options;

namespace OrleansLM.Silo.Snapshots;

[OptionsValidator]
internal sealed partial class SnapshotOptionsValidator : IValidateOptions<SnapshotOptions>;
