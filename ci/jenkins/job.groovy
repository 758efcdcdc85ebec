// The job, by Job DSL: every branch of the repository that has a ci/Jenkinsfile. Branches of this repository alone: a fork's Jenkinsfile could read
// every credential of the job.
multibranchPipelineJob('churn-serving') {
    displayName('Churn Serving')
    branchSources {
        branchSource {
            source {
                git {
                    id('churn-serving')
                    remote(System.getenv('CHURN_REPOSITORY'))
                    credentialsId('churn-git')
                    traits {
                        gitBranchDiscovery()
                    }
                }
            }
        }
    }
    factory {
        workflowBranchProjectFactory {
            scriptPath('ci/Jenkinsfile')
        }
    }
    orphanedItemStrategy {
        discardOldItems {
            numToKeep(10)
        }
    }
}
