using Microsoft.Extensions.Options;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Hosting;

[OptionsValidator]
internal sealed partial class SessionOptionsValidator : IValidateOptions<SessionOptions>;
