using Microsoft.Extensions.Options;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Hosting;

[OptionsValidator]
internal sealed partial class SessionLogOptionsValidator : IValidateOptions<SessionLogOptions>;
