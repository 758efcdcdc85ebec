import com.lesfurets.jenkins.unit.BasePipelineTest
import groovy.json.JsonOutput
import groovy.json.JsonSlurper

/**
 * Runs a Jenkinsfile by jenkins-pipeline-unit once for each scenario, and writes down every step with where it ran and what it could see.
 *
 * A scenario is {name, script, branch, environment, parameters, failing: {words of sh: reason}, approval}. It judges nothing: that is for the tests
 * that read what it writes. As in Jenkins all branches of `parallel` end before the first failure counts, and credentials are variables of the
 * environment and of the script. Unlike in Jenkins nothing is compiled to continuations: the library's own compiler for that refuses Java 17.
 */
class Scenario extends BasePipelineTest {
    final Map wanted
    final List<Map> events = []
    private final List<String> nodes = [], branches = [], credentials = [], stages = []
    private final Map<String, Object> environment = [:]
    private final Map<String, Object> build = [result: 'SUCCESS', description: null]

    Scenario(Map wanted) {
        this.wanted = wanted
        environment.putAll(wanted.environment as Map)
        environment.BRANCH_NAME = wanted.branch
    }

    Map run() {
        scriptRoots = [new File(wanted.script as String).parent]
        scriptExtension = ''
        setUp()
        binding.setVariable('env', environment)
        binding.setVariable('params', wanted.parameters)
        binding.setVariable('scm', 'the commit')
        binding.setVariable('currentBuild', build)
        steps()
        String ended = null
        try {
            runScript(new File(wanted.script as String).name)
        } catch (Throwable error) {
            ended = "${error.class.simpleName}: ${error.message}"
        }
        return [name: wanted.name, events: events, ended: ended, description: build.description?.toString()]
    }

    private void steps() {
        allow('properties', [List]) { given -> note('properties', words: given.toString()) }
        ['buildDiscarder', 'parameters', 'disableConcurrentBuilds', 'logRotator', 'string', 'file'].each { name ->
            [Map, List, Object].each { kind -> allow(name, [kind]) { given -> [(name): given] } }
        }
        allow('disableConcurrentBuilds', []) { [disableConcurrentBuilds: [:]] }
        allow('checkout', [Object]) { note('checkout') }
        allow('echo', [String]) { text -> note('echo', words: text.toString()) }
        allow('error', [String]) { text -> throw new IllegalStateException(text.toString()) }
        allow('milestone', [Integer]) { number -> note('milestone', words: number.toString()) }
        allow('deleteDir', []) { note('deleteDir') }
        allow('archiveArtifacts', [Map]) { given -> note('archiveArtifacts', words: given.artifacts); failAs('archiveArtifacts') }
        allow('sh', [String]) { command -> note('sh', words: command.toString()); failAs(command.toString()) }
        allow('input', [Map]) { given -> asked(given) }
        allow('node', [String, Closure]) { label, body -> within(nodes, label, body) }
        allow('stage', [String, Closure]) { title, body -> note('stage', words: title); within(stages, title, body) }
        allow('timestamps', [Closure]) { body -> inside(body) }
        allow('timeout', [Map, Closure]) { given, body -> note('timeout', words: "${given.time} ${given.unit}".toString()); inside(body) }
        allow('withEnv', [List, Closure]) { pairs, body -> withVariables(pairs.collectEntries { it.toString().split('=', 2) as List }, body) }
        allow('withCredentials', [List, Closure]) { given, body -> withSecrets(given, body) }
        allow('parallel', [Map]) { parts -> beside(parts) }
    }

    private void allow(String name, List kinds, Closure what) {
        helper.registerAllowedMethod(name, kinds, what)
    }

    private void note(Map more = [:], String step) {
        events.add([step: step, node: nodes ? nodes.last() : null, branch: branches ? branches.last() : null, stage: stages ? stages.last() : null,
                    credentials: credentials.toList(), environment: environment.collectEntries { [it.key, it.value?.toString()] }] + more)
    }

    private void failAs(String words) {
        String reason = (wanted.failing as Map)[words]
        if (reason) {
            throw new IOException(reason)
        }
    }

    private Object inside(Closure body) {
        return helper.callClosure(body)
    }

    private Object within(List<String> above, String name, Closure body) {
        above.add(name)
        try {
            return inside(body)
        } finally {
            above.remove(above.size() - 1)
        }
    }

    /** Variables are those of the environment, and Jenkins lets a script read them as its own, too. */
    private Object withVariables(Map more, Closure body) {
        Map before = new LinkedHashMap(environment)
        environment.putAll(more)
        more.each { name, value -> binding.setVariable(name, value) }
        try {
            return inside(body)
        } finally {
            environment.clear()
            environment.putAll(before)
            more.keySet().each { binding.variables.remove(it) }
        }
    }

    private Object withSecrets(List given, Closure body) {
        List<Map> secrets = given.collect { (it as Map).values().first() as Map }
        int before = credentials.size()
        credentials.addAll(secrets.collect { it.credentialsId as String })
        try {
            return withVariables(secrets.collectEntries { [it.variable, "secret of ${it.credentialsId}".toString()] }, body)
        } finally {
            while (credentials.size() > before) {
                credentials.remove(credentials.size() - 1)
            }
        }
    }

    /** One after the other, and like Jenkins none is spared because another one has failed. */
    private Map beside(Map parts) {
        Throwable first = null
        parts.each { name, body ->
            try {
                within(branches, name as String, body as Closure)
            } catch (Throwable error) {
                first = first ?: error
            }
        }
        if (first) {
            throw first
        }
        return [:]
    }

    private String asked(Map given) {
        note('input', words: given.message.toString(), submitter: given.submitter?.toString())
        if (wanted.approval != 'given') {
            throw new InterruptedException(wanted.approval as String)
        }
        return 'somebody'
    }
}

List scenarios = new JsonSlurper().parse(new File(args[0])) as List
List results = scenarios.collect { new Scenario(it as Map).run() }
new File(args[1]).text = JsonOutput.toJson(results)
